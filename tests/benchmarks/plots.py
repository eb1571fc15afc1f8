def write_plots(results):
    pass
