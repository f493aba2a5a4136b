"""README.md from nbs/index.ipynb: its words, and what its cells show (not the cells). python nbs/make_readme.py; `make export` calls it.
With --gif it draws the GIF at its top anew instead: the video, and two lives that begin as it does."""
import argparse
import json
import re
from configparser import ConfigParser
from pathlib import Path

course = Path(__file__).absolute().parent
settings = ConfigParser(delimiters=["="])
settings.read(course.parent/"settings.ini", encoding="utf-8")
site = settings["DEFAULT"]["doc_host"]+settings["DEFAULT"]["doc_baseurl"]


def moved(text):
    "The text with its links as seen from the root of the project; a page that only the site completes (it includes what is made there) is named there."
    def there(found):
        name, _, place = found[1].partition("#")
        if not name.endswith(".qmd") or "{{<" not in (course/name).read_text(encoding="utf-8"): return f"](nbs/{found[1]})"
        return f"]({site}/{name.removesuffix('.qmd')}.html{place and '#'+place})"
    text = re.sub(r"\]\((?![a-z]+:|\.\./|#)([^)\s]+)\)", there, text)
    return text.replace("](../", "](")


def readme(notebook=course/"index.ipynb"):
    "What README.md must hold."
    parts = []
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "markdown": parts.append("".join(cell["source"]))
        for out in cell.get("outputs", []):
            if shown := out.get("data", {}).get("text/markdown"): parts.append("".join(shown))
    return moved("\n\n".join(part.strip() for part in parts))+"\n"


def gif(path=course/"images"/"alive.gif", size=96, frames=84, every=4):
    "Draw the video and two lives side by side, in few enough pictures to be small."
    from alive_scene.alive import AliveScene
    from alive_scene.scene import read_scene, side_by_side, write_video
    scene = read_scene(course.parent/"data"/"napping_cat.mp4", size=size)
    alive = AliveScene.fit(scene, steps=32, progress=False)
    lives = [alive.render(alive.rollout(frames, seed=seed)[::every]) for seed in (0, 1)]
    return write_video(side_by_side(scene.frames[:frames:every], *lives, labels=["the video", "one life", "another"]), path, fps=scene.fps/every)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gif", action="store_true", help="draw images/alive.gif")
    if parser.parse_args().gif: gif()
    else: (course.parent/"README.md").write_text(readme(), encoding="utf-8")
