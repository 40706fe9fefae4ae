/** What the command line starts of the agent, and what tests do. */
