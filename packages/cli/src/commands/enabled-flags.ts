import { toggle } from '../grammar/flags.ts'

/** Lists of what can be switched off show what is on, as `az ml schedule list` does. */
export const enabledFlags = {
  includeDisabled: toggle('--include-disabled', 'also disabled ones'),
  disabledOnly: toggle('--disabled-only', 'only disabled ones'),
}

export const enabledQuery = (options: {
  readonly includeDisabled: boolean
  readonly disabledOnly: boolean
}): { enabled?: string } =>
  options.disabledOnly ? { enabled: 'false' } : options.includeDisabled ? {} : { enabled: 'true' }
