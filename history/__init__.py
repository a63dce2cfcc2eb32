"""The port to the time series: write readings, read raw series and quarter hours."""
