/** Mobile numbers and the rules of a password, said while one types; twin of exam_engine/registration/phone.py. */

const PHONE = /^1[3-9]\d{9}$/
const KINDS = [/[A-Za-z]/, /\d/, /[^A-Za-z\d]/]
const WEAK = ['666666', '123456']
export const PASSWORD_MIN = 8
export const PASSWORD_MAX = 20

export interface Rule {
  code: 'length' | 'kinds' | 'known'
  met: boolean
}

/** Without blanks, dashes and country code. */
export const bare = (text: string): string => text.replace(/[\s-]/g, '').replace(/^\+86/, '')

export const isPhone = (text: string): boolean => PHONE.test(bare(text))

/** What is typed as an account: a phone number in any spelling, or the name staff made. */
export const loginName = (text: string): string => (isPhone(text) ? bare(text) : text.trim())

/** Length in characters, as the server counts them. */
const lengthOf = (text: string): number => [...text].length

export function passwordRules(password: string, phone = '', old = ''): Rule[] {
  const length = lengthOf(password)
  const known = password === bare(phone) || password === old || (length < 10 && WEAK.some((weak) => password.includes(weak)))
  return [
    { code: 'length', met: length >= PASSWORD_MIN && length <= PASSWORD_MAX },
    { code: 'kinds', met: KINDS.filter((kind) => kind.test(password)).length >= 2 },
    { code: 'known', met: length > 0 && !known },
  ]
}

export const isGoodPassword = (password: string, phone = '', old = ''): boolean =>
  passwordRules(password, phone, old).every((rule) => rule.met)

export const isCode = (text: string): boolean => /^\d{6}$/.test(text.trim())
