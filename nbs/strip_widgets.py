"""Take what only a running kernel can show (widgets and their state) out of saved notebooks.
python nbs/strip_widgets.py NOTEBOOK …"""

import sys

import nbformat

view = "application/vnd.jupyter.widget-view+json"


def still(out):
    "An output without its widget; None if nothing is left that a page can show."
    data = out.get("data", {})
    if view not in data:
        return out
    del data[view]
    return out if any(kind.startswith("image/") for kind in data) else None


def strip(path):
    "The notebook at `path`, written anew without them."
    book = nbformat.read(path, as_version=4)
    book.metadata = {
        "kernelspec": {"display_name": "python3", "language": "python", "name": "python3"}
    }
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.outputs = [out for out in map(still, cell.outputs) if out]
    nbformat.write(book, path)


if __name__ == "__main__":
    for path in sys.argv[1:]:
        strip(path)
