"""Prints every cell of a workbook as openpyxl sees it: a line of JSON for each row, [sheet, row, [value, ...]]."""
import datetime, json, sys
import openpyxl


def plain(value):
    if isinstance(value, datetime.datetime) or isinstance(value, datetime.date):
        return {"date": value.isoformat()}
    if isinstance(value, datetime.time):
        return {"seconds": value.hour * 3600 + value.minute * 60 + value.second + value.microsecond / 1e6}
    if isinstance(value, datetime.timedelta):
        return {"seconds": value.total_seconds()}
    return value


book = openpyxl.load_workbook(sys.argv[1], read_only=True, data_only=True)
for sheet in book.worksheets:
    for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
        sys.stdout.write(json.dumps([sheet.title, number, [plain(value) for value in row]]) + "\n")
