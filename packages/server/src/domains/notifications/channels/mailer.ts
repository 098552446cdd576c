import { createTransport } from 'nodemailer'
import type { MailMessage } from './channel.ts'

export interface MailSettings {
  host: string
  port: number
  user: string | undefined
  password: string | undefined
  from: string
  security: 'starttls' | 'tls' | 'none'
}

/** Sends mail by SMTP. Throws with the server's words when it takes none of the addresses. */
export interface Mailer {
  /** Addresses of several that the server did not take, with its words. */
  send(message: MailMessage, timeoutMs: number): Promise<string[]>
  close(): void
}

/** `starttls` insists on it, unless the server is on this machine. */
export function openMailer(settings: MailSettings): Mailer {
  const { host, port, user, password, from, security } = settings
  const transports = new Map<number, ReturnType<typeof transport>>()
  const transport = (timeout: number) =>
    createTransport({
      ...{
        host,
        port,
        secure: security === 'tls',
        requireTLS: security === 'starttls',
        ignoreTLS: security === 'none',
      },
      ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
      ...{ connectionTimeout: timeout, greetingTimeout: timeout, socketTimeout: timeout },
    })
  const transportFor = (timeout: number) => {
    const known = transports.get(timeout) ?? transport(timeout)
    transports.set(timeout, known)
    return known
  }
  return {
    async send({ to, subject, text, id }, timeoutMs) {
      const messageId = `<${id}@hagane>`
      const { rejectedErrors = [] } = await transportFor(timeoutMs).sendMail({
        from,
        to: [...to],
        subject,
        text,
        messageId,
      })
      return rejectedErrors.map(error => error.message)
    },
    close: () => {
      for (const open of transports.values()) open.close()
    },
  }
}
