"Take what only a running kernel can show (widgets and their state) out of saved notebooks: python nbs/strip_widgets.py NOTEBOOK …"
import sys

import nbformat

view = "application/vnd.jupyter.widget-view+json"
for path in sys.argv[1:]:
    book = nbformat.read(path, as_version=4)
    book.metadata = {"kernelspec": {"display_name": "python3", "language": "python", "name": "python3"}}
    for cell in book.cells:
        if cell.cell_type == "code": cell.outputs = [out for out in cell.outputs if view not in out.get("data", {})]
    nbformat.write(book, path)
