/** What the command line starts of the server, and what tests do. */
