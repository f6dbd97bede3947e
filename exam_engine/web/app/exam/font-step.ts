/** The size of the paper's words: four steps, remembered on this device. */
import { ref, watchEffect, type Ref } from 'vue'
import { recall, remember } from '@shared/keep'

const SIZES_PX = [16, 18, 21, 25]
const SLOT = 'font-step'

export function useFontStep(): { step: Ref<number>; larger: () => void } {
  const kept = Number(recall(SLOT) ?? 1)
  const step = ref(kept >= 0 && kept < SIZES_PX.length ? kept : 1)
  watchEffect(() => {
    document.documentElement.style.setProperty('--exam-font', `${SIZES_PX[step.value] ?? 18}px`)
    remember(SLOT, String(step.value))
  })
  const larger = (): void => {
    step.value = (step.value + 1) % SIZES_PX.length
  }
  return { step, larger }
}
