"""Knowledge: articles that answer before anybody asks, and the visits that show what was looked for."""
