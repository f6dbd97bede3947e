/** Short-lived links to the pictures of one attempt, asked for when needed and again when they have ended. */

import { asProblem, type Problem } from '@shared/problem'
import { computed, ref, type Ref, shallowRef } from 'vue'
import { serverNowMs } from '../present'
import { caseHttp } from './http'
import { NO_LINKS, toAsk, withAnswer } from './evidence'

export interface PictureLinksOfAttempt {
  /** The address of a picture; "" while unknown. */
  urlOf(picture: string): string
  loading: Ref<boolean>
  problem: Ref<Problem | null>
  want(pictures: readonly string[]): Promise<void>
  /** A link did not work: forget all and ask again. */
  again(pictures: readonly string[]): Promise<void>
}

export function usePictureLinks(sittingId: number, attemptId: number): PictureLinksOfAttempt {
  const links = shallowRef(NO_LINKS)
  const asking = ref(0)
  const problem = shallowRef<Problem | null>(null)

  async function want(pictures: readonly string[]): Promise<void> {
    asking.value += 1
    try {
      for (const request of toAsk(pictures, links.value, serverNowMs())) {
        const asked = request.map((picture) => ({ attempt_id: attemptId, picture }))
        links.value = withAnswer(links.value, await caseHttp.links(sittingId, asked), serverNowMs())
      }
      problem.value = null
    } catch (error) {
      problem.value = asProblem(error)
    } finally {
      asking.value -= 1
    }
  }

  function again(pictures: readonly string[]): Promise<void> {
    links.value = NO_LINKS
    return want(pictures)
  }

  const urlOf = (picture: string): string => links.value.urls.get(picture) ?? ''
  return { urlOf, loading: computed(() => asking.value > 0), problem, want, again }
}
