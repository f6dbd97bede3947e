/** Commands without a number: said once on every line until what they ask for has come true. */
import type { Unnumbered } from '@shared/frames'
import type { AttemptView } from '@shared/shapes'

const nameOf = (command: Unnumbered): string =>
  command.type === 'acknowledge' ? `acknowledge ${command.notice}` : command.type

export class Plain {
  private readonly wanted = new Map<string, Unnumbered>()
  private readonly said = new Set<string>()

  /** Wanted from now on; said at once even if it was said before. */
  want(command: Unnumbered): void {
    this.wanted.set(nameOf(command), command)
    this.said.delete(nameOf(command))
  }

  drop(type: Unnumbered['type']): void {
    this.wanted.forEach((command, name) => command.type === type && this.wanted.delete(name))
  }

  wants(type: Unnumbered['type']): boolean {
    return [...this.wanted.values()].some((command) => command.type === type)
  }

  clear(): void {
    this.wanted.clear()
  }

  take(): Unnumbered[] {
    const unsaid = [...this.wanted].filter(([name]) => !this.said.has(name))
    unsaid.forEach(([name]) => this.said.add(name))
    return unsaid.map(([, command]) => command)
  }

  /** The line broke: say them all again. */
  unsay(): void {
    this.said.clear()
  }

  /** Forget what has come true. */
  settle(view: AttemptView): void {
    if (view.phase !== 'ready') this.drop('start')
    for (const notice of view.notices) {
      if (notice.acknowledged) this.wanted.delete(`acknowledge ${notice.notice}`)
    }
  }
}
