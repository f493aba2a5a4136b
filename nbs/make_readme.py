"""README.md from nbs/index.ipynb: its words, and what its cells show (not the cells).
python nbs/make_readme.py; `make export` calls it. With --picture it draws the moving picture
at its top anew instead: the video, and two lives that begin as it does."""

import argparse
import json
import re
from configparser import ConfigParser
from pathlib import Path

course = Path(__file__).absolute().parent
config = ConfigParser(delimiters=["="])
config.read(course.parent / "settings.ini", encoding="utf-8")
settings = config["DEFAULT"]
published = settings.getboolean("published")  # do site and repository exist at their addresses?
site = settings["doc_host"] + settings["doc_baseurl"]


def moved(text):
    """The text with its links as seen from the root of the project.
    A page that only the site completes (it includes what is made there) is named there, once the
    site is published (settings.ini says so)."""

    def there(found):
        name, _, place = found[1].partition("#")
        if (
            not published
            or not name.endswith(".qmd")
            or "{{<" not in (course / name).read_text(encoding="utf-8")
        ):
            return f"](nbs/{found[1]})"
        return f"]({site}/{name.removesuffix('.qmd')}.html{place and '#' + place})"

    text = re.sub(r"\]\((?![a-z]+:|\.\./|#)([^)\s]+)\)", there, text)
    return text.replace("](../", "](")


def readme(notebook=course / "index.ipynb"):
    "What README.md must hold."
    parts = []
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "markdown":
            parts.append("".join(cell["source"]))
        for out in cell.get("outputs", []):
            if shown := out.get("data", {}).get("text/markdown"):
                parts.append("".join(shown))
    return moved("\n\n".join(part.strip() for part in parts)) + "\n"


def picture(path=course / "images" / "alive.webp", size=112, start=44, frames=96):
    "Draw the video and two lives side by side, from a frame in which she is awake."
    from PIL import Image

    from alive_scene.alive import AliveScene
    from alive_scene.reader import read_scene
    from alive_scene.scene import side_by_side

    scene = read_scene(course.parent / "data" / "napping_cat.mp4", size=size)
    alive = AliveScene.fit(scene, steps=32, progress=False)
    lives = [alive.render(alive.rollout(frames, start=start, seed=seed)) for seed in (0, 1)]
    first, *more = map(
        Image.fromarray,
        side_by_side(
            scene.frames[start : start + frames],
            *lives,
            labels=["the video", "one life", "another"],
        ).frames,
    )
    first.save(
        path,
        save_all=True,
        append_images=more,
        duration=round(1000 / scene.fps),
        loop=0,
        quality=55,
        method=6,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--picture", action="store_true", help="draw images/alive.webp")
    if parser.parse_args().picture:
        picture()
    else:
        (course.parent / "README.md").write_text(readme(), encoding="utf-8")
