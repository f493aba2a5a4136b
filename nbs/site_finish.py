"""What a rendered page still lacks: figures as files, as wide as the column and drawn again for the
dark; tables that scroll in a box of their own; names for what a screen reader finds twice."""

import base64
import io
import re
from hashlib import sha256

import numpy as np
from PIL import Image
from scipy import ndimage

COLUMN = 860  # pixels of the text column, as in _quarto.yml
FIGURE = 1.7  # how much a small figure is enlarged at most
FRAME = 2.5  # the same of frames of a film
NIGHT = 0x22  # the gray of the dark theme's page
script = '<script src="site.js" defer></script>'
color = '<meta name="theme-color" content="{}" media="(prefers-color-scheme: {})">'


def pictures_in(
    pixels: np.ndarray,  # float (height, width, 3), 0..1
) -> np.ndarray:  # bool (height, width)
    """Where a figure shows a picture: a solid patch of many colors.
    Lines, letters and markers are thin, and bars have one color each."""
    ink = pixels.min(2) < 0.93
    solid = ndimage.binary_opening(ink, np.ones((9, 9)))
    patches, count = ndimage.label(solid)
    shades = (pixels * 15).astype(int) @ [1, 16, 256]
    inside = np.zeros(ink.shape, bool)
    for i, box in enumerate(ndimage.find_objects(patches), 1):
        mine = patches[box] == i
        if min(mine.shape) < 20 or len(np.unique(shades[box][mine])) < 24:
            continue
        inside[box] |= ndimage.binary_fill_holes(mine)
    return inside


def night(
    picture: Image.Image,  # a figure on white
) -> Image.Image:  # the same on the dark page
    "Turn light into dark and keep the hues; leave the pictures in it alone."
    flat = Image.new("RGBA", picture.size, "white")
    flat.alpha_composite(picture.convert("RGBA"))
    pixels = np.asarray(flat.convert("RGB"), float) / 255
    turned = 1 - pixels.max(2, keepdims=True) - pixels.min(2, keepdims=True) + pixels
    lifted = NIGHT / 255 + (1 - NIGHT / 255) * turned
    kept = np.where(pictures_in(pixels)[..., None], pixels, lifted)
    return Image.fromarray((kept * 255).round().clip(0, 255).astype(np.uint8))


def drawn_on_white(picture):
    "Whether it is a figure: still, with a border that is nearly all white or nothing."
    if getattr(picture, "n_frames", 1) > 1:
        return False
    flat = np.asarray(picture.convert("RGBA").convert("RGBa"), int)
    light = flat[..., :3].min(2) + 255 - flat[..., 3]
    border = [light[0], light[-1], light[:, 0], light[:, -1]]
    return np.mean(np.concatenate(border) > 245) > 0.9


def figure(
    tag: str,  # an <img …> of a cell's output
    site,  # the folder of the site
) -> str:
    "The same from a file, with its size, as wide as the column allows; and beside it one for the dark."
    source = re.search(r'src="([^"]+)"', tag)[1]
    found = re.match(r"data:image/[\w+]+;base64,(.*)", source, re.S)
    data = base64.b64decode(found[1]) if found else (site / source).read_bytes()
    try:
        picture = Image.open(io.BytesIO(data))
    except OSError:  # drawn by lines
        return tag
    folder = site / "figures"
    folder.mkdir(exist_ok=True)
    name = sha256(data).hexdigest()[:16]
    file = folder / f"{name}.{picture.format.lower()}"
    file.write_bytes(data)
    white = drawn_on_white(picture)
    width = min(COLUMN, round((FIGURE if white else FRAME) * picture.width))
    tag = re.sub(r'\s(src|width|height|style|loading)="[^"]*"', "", tag)
    begins = (
        f'width="{picture.width}" height="{picture.height}" style="width: {width}px" loading="lazy"'
    )
    day = tag.replace("<img", f'<img src="figures/{file.name}" {begins}', 1)
    if not white:
        return day
    dark = folder / f"{name}.night.webp"
    if not dark.exists():
        night(picture).save(dark, quality=90)
    after = tag.replace("<img", f'<img src="figures/{dark.name}" {begins}', 1)
    return f"{classed(day, 'by-day')}{classed(after, 'by-night')}"


def classed(tag, name):
    if 'class="' in tag:
        return tag.replace('class="', f'class="{name} ', 1)
    return tag.replace("<img", f'<img class="{name}"', 1)


def finished(text, site):
    "A page, finished."
    head, body, rest = re.match(r"(.*?<body[^>]*>)(.*)(</body>.*)", text, re.S).groups()
    body = re.sub(
        r'<img\b[^>]*\bsrc="(?:data:image/(?!svg)|[^"]*_files/)[^>]*>',
        lambda found: figure(found[0], site),
        body,
    )
    body = re.sub(r"<th\b([^>]*)>\s*</th>", r"<td\1></td>", body)
    # each section of the sidebar is a button, no landmark
    body = re.sub(
        r'(<a class="sidebar-item-text[^>]*) role="navigation"', r'\1 role="button"', body
    )
    body = re.sub(r"<table\b", r'<div class="scrolls"><table', body)
    body = body.replace("</table>", "</table></div>")
    themes = color.format("#ffffff", "light") + color.format("#222222", "dark")
    head = head.replace("</head>", f"{themes}\n{script}\n</head>", 1)
    return f"{head}{body}{rest}"


def finish(site):
    "Finish every page of a rendered site."
    for page in sorted(site.glob("*.html")):
        text = page.read_text(encoding="utf-8")
        page.write_text(finished(text, site), encoding="utf-8")
