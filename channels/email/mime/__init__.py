"""The parts of a mail and what stands in them: any bytes give a result. Knows no sender and no incident."""
