"Packaging: everything is read from settings.ini, which nbdev 2 reads as well."

from configparser import ConfigParser
from pathlib import Path

from setuptools import setup

config = ConfigParser(delimiters=["="])
config.read("settings.ini", encoding="utf-8")
settings = config["DEFAULT"]

setup(
    name=settings["lib_name"],
    version=settings["version"],
    description=settings["description"],
    author=settings["author"],
    author_email=settings["author_email"],
    url=settings["git_url"] if settings.getboolean("published") else "",
    keywords=settings["keywords"],
    license="Apache-2.0",
    long_description=Path("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    packages=["alive_scene"],
    package_data={"alive_scene": ["weights/*", "static/*"]},
    python_requires=f">={settings['min_python']}",
    install_requires=settings["requirements"].split(),
    extras_require={
        # the tests and lessons run a gallery, too
        "dev": (settings["dev_requirements"] + " " + settings["gallery_requirements"]).split(),
        "gallery": settings["gallery_requirements"].split(),
    },
    entry_points={"console_scripts": settings["console_scripts"].split()},
)
