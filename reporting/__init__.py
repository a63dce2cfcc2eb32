"""Operating rate and monthly report: a month's rate, its figures, its workbook."""
