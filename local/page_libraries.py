"""Bundle the chart libraries of the scorecard page, once, at build time: ``python -m local.page_libraries``.

Vega, Vega-Lite and vega-embed come out of the wheel of vl-convert-python, which ``requirements/dev.txt`` pins with its
hash; nothing is fetched here (docs/decisions/0006-page-libraries.md).
"""

from importlib import metadata
from pathlib import Path

import vl_convert

ROOT = Path(__file__).resolve().parents[1]
BUNDLE = ROOT / "layers/callclock/python/callclock/scorecard/libraries.js"
VEGA_LITE = "6.4"

_NOTICE = """/*! vega {vega}, vega-lite {lite} and vega-embed {embed}, bundled by vl-convert-python {convert}.
Copyright (c) 2013-2025 University of Washington Interactive Data Lab and other contributors; BSD-3-Clause.
Contains d3 modules, copyright Mike Bostock, ISC; fast-json-patch, json-stringify-pretty-compact and others, MIT. */
"""


def bundle() -> str:
    """Return the libraries as one script that defines ``vegaEmbed`` on ``window`` and nothing else."""
    notice = _NOTICE.format(
        vega=vl_convert.get_vega_version(),
        lite=VEGA_LITE,
        embed=vl_convert.get_vega_embed_version(),
        convert=metadata.version("vl-convert-python"),
    )
    script = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=VEGA_LITE)
    # A function of its own keeps the bundle's names off the page; "</script" would end the element it stands in.
    return f"{notice}(() => {{{script}}})();\n".replace("</script", "<\\/script").replace("<!--", "<\\!--")


def main() -> None:
    """Write the bundle where the library looks for it."""
    text = bundle()
    BUNDLE.write_text(text, "utf-8")
    print(f"wrote {BUNDLE.relative_to(ROOT)}: {len(text.encode()):,} bytes")


if __name__ == "__main__":
    main()
