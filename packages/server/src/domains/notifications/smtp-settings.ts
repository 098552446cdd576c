import type { MailSettings } from './channels/index.ts'

interface Given {
  smtp_host?: string | undefined
  smtp_port: number
  smtp_user?: string | undefined
  smtp_password?: string | undefined
  smtp_from: string
  smtp_security: MailSettings['security']
}

/** How e-mail is sent, or undefined where no SMTP server is configured. */
export const smtpOf = (given: Given): MailSettings | undefined =>
  given.smtp_host === undefined
    ? undefined
    : {
        host: given.smtp_host,
        port: given.smtp_port,
        user: given.smtp_user,
        password: given.smtp_password,
        from: given.smtp_from,
        security: given.smtp_security,
      }
