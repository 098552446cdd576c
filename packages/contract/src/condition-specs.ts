import { z } from 'zod'

const block = z
  .union([z.string().min(1), z.array(z.string().min(1))])
  .describe('steps, as <step> or ${{parent.jobs.<step>}}')

/** Decides which steps of a pipeline run: those of one block, when the condition is known. */
export const conditionNode = z
  .strictObject({
    type: z.literal('if_else'),
    name: z.string().optional(),
    display_name: z.string().optional(),
    description: z.string().optional(),
    condition: z
      .union([z.boolean(), z.string().min(1)])
      .describe('true, false, ${{parent.inputs.<name>}} or ${{parent.jobs.<step>.outputs.<name>}}'),
    true_block: block.optional(),
    false_block: block.optional(),
  })
  .refine(
    node => node.true_block !== undefined || node.false_block !== undefined,
    'a condition has a true_block, a false_block or both',
  )
  .meta({ id: 'ConditionNode' })
export type ConditionNode = z.output<typeof conditionNode>

/** Keys of the steps that a block names. */
export const stepsOfBlock = (block: ConditionNode['true_block']): string[] =>
  (block === undefined ? [] : [block].flat()).map(
    text => /^\s*\$\{\{\s*parent\.jobs\.(?<step>[^\s.}]+)\s*\}\}\s*$/.exec(text)?.groups?.step ?? text.trim(),
  )
