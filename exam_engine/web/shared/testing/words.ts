/** What tests of words ask: which keys there are, and which the code of some pages asks for. */
import { readdirSync, readFileSync } from 'node:fs'

export type Tree = { [key: string]: string | Tree }

/** The text of all components and modules below these folders, without their tests. */
export function codeBelow(...folders: URL[]): string {
  return folders
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => new URL(path, folder)))
    .filter(({ pathname }) => /\.(vue|ts)$/.test(pathname) && !pathname.endsWith('.test.ts'))
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n')
}

/** What stands at `area.group.name` in the tree of the area. */
export function at(tree: Tree, key: string): string | Tree | undefined {
  const names = key.split('.').slice(1)
  return names.reduce<string | Tree | undefined>((found, name) => (typeof found === 'object' ? found[name] : undefined), tree)
}

/** The whole names of all sentences, in order. */
export function keys(tree: Tree, path = ''): string[] {
  const found = Object.entries(tree).flatMap(([name, value]) => (typeof value === 'string' ? [path + name] : keys(value, `${path}${name}.`)))
  return found.sort()
}

const firsts = (code: string, pattern: RegExp): string[] => [...code.matchAll(pattern)].map((match) => match[1] ?? '')

/** Sentences of an area asked for by their whole names. */
export const askedWhole = (code: string, area: string): string[] => firsts(code, new RegExp(`'(${area}\\.[A-Za-z0-9_.]+)'`, 'g'))

/** Groups of an area of which a name is put together. */
export const askedGroups = (code: string, area: string): string[] => firsts(code, new RegExp(`\`(${area}\\.[A-Za-z0-9_.]+)\\.\\$\\{`, 'g'))
