/** Where content of a datastore stands, by digest; `path` is the file's name for a file and '' for a folder. */
export interface StoredContent {
  tree: string
  path: string
  size: number
  fileCount: number
}
