/** Full screen, offered where the browser can and there is a mouse; never required. */
import { onBeforeUnmount, onMounted, ref, type Ref } from 'vue'

export function useFullscreen(): { offered: Ref<boolean>; on: Ref<boolean>; toggle: () => void } {
  const offered = ref(false)
  const on = ref(false)
  const look = (): void => {
    on.value = document.fullscreenElement !== null
  }
  const toggle = (): void => {
    const work = on.value ? document.exitFullscreen() : document.documentElement.requestFullscreen()
    work.catch(() => undefined)
  }
  onMounted(() => {
    offered.value = document.fullscreenEnabled && matchMedia('(pointer: fine)').matches
    look()
    document.addEventListener('fullscreenchange', look)
  })
  onBeforeUnmount(() => document.removeEventListener('fullscreenchange', look))
  return { offered, on, toggle }
}
