/** A table on this machine: a file, a folder of files of one format, or a folder with a file named MLTable. */
export interface TableSource {
  /** What to call it in answers. */
  readonly name: string
  /** Absolute path of the file or folder. */
  readonly path: string
  /** Absolute folder that nothing may be read outside of; MLTable paths that lead out are refused. */
  readonly root: string
}
