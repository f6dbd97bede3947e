/** One store of links per account and sitting, shared by all pages of the desk. */

import { inject, type InjectionKey } from 'vue'
import { serverNowMs } from '../present'
import { me } from '../session'
import { wallHttp } from './http'
import { LinkCache } from './links'

const caches = new Map<string, LinkCache>()

export function linksOf(sittingId: number): LinkCache {
  const key = `${me.value?.account_id ?? 0} ${sittingId}`
  const held = caches.get(key)
  if (held !== undefined) return held
  const made = new LinkCache({ ask: (pictures) => wallHttp.links(sittingId, pictures), nowMs: serverNowMs })
  caches.set(key, made)
  return made
}

/** The sitting whose pictures a page shows; a picture outside a sitting's pages is told it by a prop. */
export const picturesKey: InjectionKey<number> = Symbol('pictures')

export function useSittingOfPictures(): number | undefined {
  return inject(picturesKey, undefined)
}
