/** The public list of the command line: what the laboratory and the tools may call. */
export type Placeholder = never;
