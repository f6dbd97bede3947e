/** Vant's icon style carries a font from a foreign host and one as a data: address; we draw our few icons ourselves. */
import type { Plugin } from 'vite'

export function noIconFont(): Plugin {
  const empty = '\0no-icon-font.css'
  return {
    name: 'exam-no-icon-font',
    enforce: 'pre',
    resolveId(source) {
      return /(^|\/)icon\/index\.css$/.test(source) ? empty : null
    },
    load(id) {
      return id === empty ? '' : null
    },
  }
}
