/** A list in a line of text: Chinese has a comma of its own for it. */
export const joined = (parts: readonly (string | number | boolean | undefined)[], locale: string): string =>
  parts.join(locale.startsWith('zh') ? '、' : ', ')
