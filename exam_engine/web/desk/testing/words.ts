import { readdirSync, readFileSync } from 'node:fs'

/** Every .vue and .ts file of a folder and what is below it, as one text; tests are left out. */
export function sources(folder: URL): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(vue|ts)$/.test(path) && !path.endsWith('.test.ts'))
    .map((path) => readFileSync(new URL(path, folder), 'utf8'))
    .join('\n')
}

/** The keys a pattern finds in its first group, each once. */
export function keysIn(source: string, pattern: RegExp): string[] {
  return [...new Set([...source.matchAll(pattern)].map((match) => match[1] ?? ''))]
}

/** What a file of words has at `file.key`. */
export function at(words: unknown, key: string): unknown {
  return key
    .split('.')
    .slice(1)
    .reduce<unknown>((inner, name) => (inner as Record<string, unknown> | undefined)?.[name], words)
}
