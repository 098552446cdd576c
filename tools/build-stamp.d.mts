export function sourceFingerprint(root: string): string
export function bundlesAreFresh(root: string): boolean
export function writeBuildStamp(root: string, fingerprint: string, outputs: readonly string[]): void
