"""Swagger documents that lie beside the script."""


def init():
    pass


def run(data):
    return data
