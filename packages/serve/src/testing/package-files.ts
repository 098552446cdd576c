import { createHash } from 'node:crypto'

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** The files of a whole package of a script and a file that it reads; `more` goes into its manifest. */
export function packageFiles(content: Record<string, string>, more: object = {}): Record<string, string> {
  const manifest = {
    format: 1,
    model: {
      id: 'azureml:w:7',
      name: 'w',
      version: '7',
      type: 'custom_model',
      path: 'model/weights.bin',
      tree: sha256(''),
    },
    code: { path: 'code', scoring_script: 'main.py' },
    created_at: '2026-11-26T00:00:00.000Z',
    hagane_version: '0.1.0',
    files: Object.fromEntries(Object.entries(content).map(([path, text]) => [path, sha256(text)])),
    ...more,
  }
  return { ...content, 'hagane-package.json': JSON.stringify(manifest) }
}
