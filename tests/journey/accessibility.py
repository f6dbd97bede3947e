"""An automated audit of what is in sight (axe-core): no serious finding may be left."""

from functools import cache
from pathlib import Path

from playwright.async_api import Page

AXE = Path(__file__).parents[2] / "exam_engine" / "web" / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = ("serious", "critical")
# Moving pictures of a camera have no captions, and nobody speaks in them.
RUN = """async () => {
    const rules = { 'video-caption': { enabled: false } }
    const found = await axe.run(document, { resultTypes: ['violations'], rules })
    return found.violations.map(one => ({
        id: one.id, impact: one.impact, help: one.help,
        nodes: one.nodes.map(node => `${node.target.join(' ')}: ${node.failureSummary.split('\\n')[1]}`),
    }))
}"""


async def audit(page: Page) -> list[str]:
    """What is seriously wrong, in words. The script comes by the debugger, past the policy on content."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_axe())
    return [
        f"{one['id']} ({one['help']}): {node}"
        for one in await page.evaluate(RUN)
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]


@cache
def _axe() -> str:
    return AXE.read_text(encoding="utf-8") + "; undefined"
