/** Tables of migration 0099. */
export type ExplanationTables = {
  explanations: {
    workspace: string
    job: string
    /** `<name>:<version>` */
    model: string
    /** null: of the model as a whole. */
    prediction: string | null
    created_at: string
    /** 1 once the chain tells what was found. */
    told: number
  }
}
export type ExplanationRow = ExplanationTables['explanations']
