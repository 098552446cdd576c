/** The key of a secret: one that begins with whsec_ is base64, as Standard Webhooks writes it; any other is its bytes. */
export const secretKey = (secret: string): Buffer =>
  secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret)
