"""The reading room: a page on which readers confirm, reject and add foci, and the server behind it."""
