/** The acts that can be looked for: those that have words (`admin.audit.act`). Others are listed by their code. */

import zh from '@words/zh-CN/admin.json'

export const ACTS: readonly string[] = Object.keys(zh.audit.act)
