import { bashCompletion } from '../completion/bash.ts'
import { commandTable } from '../completion/command-table.ts'
import { fishCompletion } from '../completion/fish.ts'
import { zshCompletion } from '../completion/zsh.ts'
import { type Noun, verb } from '../invocation.ts'

const shells = ['bash', 'zsh', 'fish'] as const
const writers = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion }

const completion = verb({
  name: '',
  summary: 'Print the completion script of a shell',
  description: `Add it to your shell once:
  bash  echo 'source <(hagane completion bash)' >> ~/.bashrc
  zsh   echo 'source <(hagane completion zsh)' >> ~/.zshrc
  fish  hagane completion fish > ~/.config/fish/completions/hagane.fish`,
  examples: ['hagane completion bash'],
  argument: { spelling: '<shell>', summary: 'bash, zsh or fish', choices: shells },
  flags: {},
  run: async call => {
    const shell = shells.find(shell => shell === call.args[0]) ?? 'bash'
    call.surroundings.stdout.write(writers[shell](commandTable(await call.loadNouns())))
  },
})

export const noun: Noun = { name: 'completion', summary: 'Print the completion script of a shell', verbs: [completion] }
