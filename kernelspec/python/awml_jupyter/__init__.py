"""What Python programs of the Jupyter world need to know of awml: papermill, Pygments (nbconvert)."""
