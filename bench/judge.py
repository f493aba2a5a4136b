"How a drawing is judged, and how a table of it is printed."

from time import perf_counter

import numpy as np
from skimage.metrics import structural_similarity

from alive_scene.generator import SirenGenerator


def db(drawn, true):
    return float(10 * np.log10(255**2 / np.mean((np.asarray(drawn, float) - true) ** 2)))


def ssim(drawn, true):
    return float(
        np.mean(
            [
                structural_similarity(a, b, channel_axis=2, data_range=255)
                for a, b in zip(drawn, true, strict=True)
            ]
        )
    )


def kilobytes(model):
    return (
        sum(
            v.numel() * (2 if v.is_floating_point() else v.element_size())
            for v in model.state_dict().values()
        )
        / 1000
    )


def speed(model, embeddings):
    model.render(embeddings[:2])
    embeddings = embeddings[:16] if isinstance(model, SirenGenerator) else embeddings
    rates = []
    for _ in range(1 if isinstance(model, SirenGenerator) else 5):
        start = perf_counter()
        model.render(embeddings)
        rates.append(len(embeddings) / (perf_counter() - start))
    return float(np.median(rates))


def text(value):
    if value is None:
        return "–"
    return (
        f"{value:,.0f}"
        if abs(value) >= 1000
        else f"{value:.3f}"
        if abs(value) < 1.5
        else f"{value:.1f}"
    )


def rows(columns):
    "{column: {row: number}} as lines of text, the names of the columns first."
    columns = {name: column for name, column in columns.items() if set(column) - {"curve"}}
    names = list(
        dict.fromkeys(row for column in columns.values() for row in column if row != "curve")
    )
    return [
        ["", *columns],
        *([name, *(text(column.get(name)) for column in columns.values())] for name in names),
    ]


def table(title, columns):
    "Print {column: {row: number}} as one table."
    lines = rows(columns)
    widths = [26, *(max(15, len(name)) for name in lines[0][1:])]
    print(
        "\n".join(
            [
                "",
                title,
                *(
                    "  ".join(
                        f"{cell:<{w}}" if w == 26 else f"{cell:>{w}}"
                        for w, cell in zip(widths, line, strict=True)
                    )
                    for line in lines
                ),
            ]
        )
    )
