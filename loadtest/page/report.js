// Draws the charts of the page when they come into view, in the language that is chosen.
(() => {
  "use strict";
  const page = document.documentElement;
  const charts = JSON.parse(document.getElementById("charts").textContent);
  const drawn = new Set();

  // Texts are {zh, en}, wherever they stand.
  const inLanguage = (value) => {
    if (Array.isArray(value)) return typeof value[0] === "number" ? value : value.map(inLanguage);
    if (value === null || typeof value !== "object") return value;
    if ("zh" in value && "en" in value) return page.lang === "en" ? value.en : value.zh;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, inLanguage(inner)]));
  };

  // On a narrow screen each name of the legend has a row, and words above the chart would cover each other.
  const fitted = (layout, lines, place) => {
    if (place.clientWidth < 560) {
      const rows = lines.length;
      layout.margin = { ...layout.margin, l: 62, r: 8, t: 16, b: 60 + 22 * rows };
      place.style.height = `${360 + 22 * rows}px`;
      layout.annotations = []; // no room: the signs and the table of faults tell
    }
    return layout;
  };

  const draw = (place) => {
    const chart = inLanguage(charts[Number(place.dataset.chart)]);
    drawn.add(place);
    Plotly.react(place, chart.lines, fitted(chart.layout, chart.lines, place), { responsive: true, displaylogo: false });
  };

  const seen = new IntersectionObserver(
    (entries) => entries.filter((entry) => entry.isIntersecting && !drawn.has(entry.target))
      .forEach((entry) => draw(entry.target)),
    { rootMargin: "400px" },
  );

  const label = () => document.querySelectorAll("[data-zh]").forEach((element) => {
    element.setAttribute("aria-label", element.dataset[page.lang === "en" ? "en" : "zh"]);
  });

  const choose = (language) => {
    page.lang = language;
    document.title = document.querySelector(`h1 [lang="${language}"]`).textContent;
    document.querySelectorAll(".languages button").forEach((button) => {
      button.setAttribute("aria-pressed", String(button.dataset.language === language));
    });
    label();
    drawn.forEach(draw);
  };

  document.querySelectorAll(".languages button").forEach((button) => {
    button.addEventListener("click", () => choose(button.dataset.language));
  });
  document.querySelectorAll(".plot").forEach((place) => seen.observe(place));
  addEventListener("beforeprint", () => document.querySelectorAll(".plot").forEach((place) => drawn.has(place) || draw(place)));
})();
