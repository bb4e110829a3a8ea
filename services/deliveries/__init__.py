"""What goes out: a leased table filled in the transaction of its fact, and the workers that send from it."""
