"""How values are shown as JSON: one file for each kind of answer, with the form that the API documents."""
