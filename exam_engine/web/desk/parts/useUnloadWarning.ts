/** Asks whoever leaves the site while something would be lost by it. */
import { onBeforeUnmount, onMounted } from 'vue'

export function useUnloadWarning(wouldLose: () => boolean): void {
  function warn(event: BeforeUnloadEvent): void {
    if (wouldLose()) event.preventDefault()
  }

  onMounted(() => window.addEventListener('beforeunload', warn))
  onBeforeUnmount(() => window.removeEventListener('beforeunload', warn))
}
