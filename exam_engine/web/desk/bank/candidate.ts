/**
 * What the candidate's page gives its parts to look the same here: colours, sizes and the letters of `app/style.css`, read from
 * that very file, and its words. Only `ItemBody.vue` itself draws an item.
 */

import { createI18n } from 'vue-i18n'

/** The declarations of the first rule of exactly this selector. */
export function declarations(css: string, selector: string): [string, string][] {
  const head = selector.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const body = new RegExp(`(?:^|[}/\\s])${head}\\s*\\{([^}]*)\\}`).exec(css)?.[1] ?? ''
  return body
    .split(';')
    .map((line) => line.replace(/\/\*[^]*?\*\//g, '').trim())
    .filter((line) => line.includes(':'))
    .map((line) => [line.slice(0, line.indexOf(':')).trim(), line.slice(line.indexOf(':') + 1).trim()])
}

const INHERITED: ReadonlySet<string> = new Set(['color', 'font', 'font-family', 'font-size', 'line-height'])

/** What a frame must be given so that everything in it looks as in the app: its variables, and what text inherits. */
export function look(css: string): [string, string][] {
  const variables = declarations(css, ':root').filter(([name]) => name.startsWith('--'))
  const text = declarations(css, 'body').filter(([name]) => INHERITED.has(name))
  return [...variables, ...text]
}

const WORDS = {
  'zh-CN': () => import('@words/zh-CN/app.json'),
  en: () => import('@words/en/app.json'),
}

/** The app's own words, apart from the desk's. */
export async function candidateWords(locale: string) {
  const name = locale === 'en' ? 'en' : 'zh-CN'
  const { default: app } = await WORDS[name]()
  return createI18n({ legacy: false, locale: name as string, missingWarn: false, fallbackWarn: false, messages: { [name]: { app } } as never })
}

/** The sizes a candidate can choose (app/exam/font-step.ts), the usual one second. */
export const SIZES_PX = [16, 18, 21, 25] as const
