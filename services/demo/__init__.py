"""Demo traffic: ninety believable days of support for a small software company, and more of it arriving live."""
