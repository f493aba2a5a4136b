"README.md from nbs/index.ipynb: its words, and what its cells show (not the cells). python nbs/make_readme.py; `make export` calls it."
import json
import re
from pathlib import Path

course = Path(__file__).absolute().parent


def moved(text):
    "The text with its links as seen from the root of the project."
    text = re.sub(r"\]\((?![a-z]+:|\.\./|#)", "](nbs/", text)
    return text.replace("](../", "](")


def readme(notebook=course/"index.ipynb"):
    "What README.md must hold."
    parts = []
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "markdown": parts.append("".join(cell["source"]))
        for out in cell.get("outputs", []):
            if shown := out.get("data", {}).get("text/markdown"): parts.append("".join(shown))
    return moved("\n\n".join(part.strip() for part in parts))+"\n"


if __name__ == "__main__": (course.parent/"README.md").write_text(readme(), encoding="utf-8")
