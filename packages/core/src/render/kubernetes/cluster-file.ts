/** What a file of a cluster is before it is printed: text as it is, or values for whoever writes YAML. */

export interface ClusterFile {
  /** `NODE/etc/…` is for that host, below its root; another path is for whoever speaks to the cluster. */
  readonly path: string;
  readonly content: string | Manifest;
}

/** Documents of one YAML file, under lines of comment. */
export interface Manifest {
  readonly comments: readonly string[];
  readonly documents: readonly object[];
}
