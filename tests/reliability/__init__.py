"""What comes of each fault: expected by hand, run over HTTP, told in a page."""
