"""Documents as people send them, and as they should not: all made here."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from itertools import count
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, Stream, StreamDecodeLevel, String
from PIL import Image

PICTURES = (Name.DCTDecode, Name.JPXDecode, Name.CCITTFaxDecode, Name.JBIG2Decode)
MARKER = b"PRIVATE-MARKER-2718"
_NUMBERS = count(1)


def drawn(width: int = 400, height: int = 500, mode: str = "RGB") -> Image.Image:
    """A picture in which up, down, left and right differ: the upper half light, its left quarter dark."""
    picture = Image.new("RGB", (width, height), (30, 60, 90))
    picture.paste((220, 210, 200), (0, 0, width, height // 2))
    picture.paste((0, 0, 0), (0, 0, width // 4, height // 4))
    return picture.convert(mode)


def fresh() -> Image.Image:
    """A picture that no other document shows."""
    picture, number = drawn(), next(_NUMBERS)
    for bit in range(16):
        if number >> bit & 1:
            picture.paste((255, 255, 255), (20 * bit, 300, 20 * bit + 20, 340))
    return picture


def jpeg(picture: Image.Image | None = None, **options: object) -> bytes:
    out = io.BytesIO()
    (picture or drawn()).save(out, "JPEG", **options)
    return out.getvalue()


def png(picture: Image.Image | None = None, **options: object) -> bytes:
    out = io.BytesIO()
    (picture or drawn()).save(out, "PNG", **options)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image.copy()


def located(orientation: int = 1) -> bytes:
    """A JPEG that says where it was taken, by what, and how it is to be turned."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = MARKER.decode()
    exif.get_ifd(0x8825).update({1: "N", 2: (39.0, 54.0, 20.0), 3: "E", 4: (116.0, 23.0, 29.0)})
    return jpeg(exif=exif, comment=MARKER)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int, packed: bytes) -> bytes:
    """A PNG in grey that claims these sides."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def jpeg_of(width: int, height: int) -> bytes:
    """A JPEG whose frame claims these sides."""
    data = bytearray(jpeg())
    at = data.index(b"\xff\xc0")
    struct.pack_into(">HH", data, at + 5, height, width)
    return bytes(data)


def scans(scan_count: int, side: int = 7000) -> bytes:
    """A progressive JPEG with the same scan again and again: few bytes each, but each is a walk over the whole."""
    data = jpeg(Image.new("L", (side, side), 128), progressive=True)
    start = data.index(b"\xff\xda")
    second = data.index(b"\xff\xda", start + 2)
    third = data.index(b"\xff\xda", second + 2)
    scan = data[second:third]
    return data[:second] + scan * scan_count + b"\xff\xd9"


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("evil.txt", MARKER)
    return out.getvalue()


# --- PDF ---------------------------------------------------------------------------------------------------------


def pdf(*changes: Callable[[Pdf], None], pages: int = 1, **options: Any) -> bytes:
    """A PDF with a line of text and a picture on each page, changed, and saved with streams as they are."""
    with pikepdf.new() as made:
        for number in range(pages):
            add_page(made, f"page {number + 1}")
        for change in changes:
            change(made)
        out = io.BytesIO()
        plain = {"stream_decode_level": StreamDecodeLevel.none, "compress_streams": False}
        made.save(out, static_id=True, **(options if "encryption" in options else plain | options))
        return out.getvalue()


def add_page(made: Pdf, text: str) -> None:
    made.add_blank_page(page_size=(595, 842))
    page = made.pages[-1]
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    picture = Stream(made, jpeg(), Type=Name.XObject, Subtype=Name.Image, Width=400, Height=500)
    picture.update(Dictionary(ColorSpace=Name.DeviceRGB, BitsPerComponent=8, Filter=Name.DCTDecode))
    page.obj.Resources = Dictionary(
        Font=Dictionary(F1=made.make_indirect(font)), XObject=Dictionary(Im1=made.make_indirect(picture))
    )
    content = f"BT /F1 24 Tf 72 700 Td ({text}) Tj ET q 200 0 0 250 72 300 cm /Im1 Do Q"
    page.obj.Contents = Stream(made, content.encode())


def script(made: Pdf) -> None:
    made.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=String("app.alert('" + MARKER.decode() + "')"))
    made.Root.AA = Dictionary(WC=Dictionary(S=Name.JavaScript, JS=String(MARKER.decode())))
    tree = Dictionary(Names=Array([String("a"), Dictionary(S=Name.JavaScript, JS=String(MARKER.decode()))]))
    made.Root.Names = Dictionary(JavaScript=tree)
    made.pages[0].obj.AA = Dictionary(O=Dictionary(S=Name.JavaScript, JS=String(MARKER.decode())))


def embedded(made: Pdf) -> None:
    made.attachments["evil.exe"] = b"MZ" + MARKER
    made.pages[0].obj.AF = made.make_indirect(Array([Dictionary(F=String(MARKER.decode()))]))


def launching(made: Pdf) -> None:
    made.Root.OpenAction = Dictionary(S=Name.Launch, F=String(MARKER.decode()))


def linked(made: Pdf) -> None:
    """A link over the whole page, whose action is in an annotation."""
    action = Dictionary(S=Name.URI, URI=String("https://example.invalid/" + MARKER.decode()))
    annotation = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 595, 842]), A=action)
    made.pages[0].obj.Annots = Array([made.make_indirect(annotation)])


def described(made: Pdf) -> None:
    made.docinfo["/Author"] = MARKER.decode()
    with made.open_metadata() as metadata:
        metadata["dc:title"] = MARKER.decode()
    made.pages[0].obj.PieceInfo = Dictionary(Tool=Dictionary(Private=Stream(made, MARKER)))
    made.pages[0].obj.Resources.XObject.Im1.Metadata = Stream(made, MARKER)


def hidden(made: Pdf) -> None:
    """Files where no viewer looks: under keys that are none, and behind the data of a stream."""
    resources = made.pages[0].obj.Resources
    resources.Font.F1.Secret = Stream(made, MARKER)
    resources.Secret = Stream(made, MARKER)
    resources.XObject.Im1.Secret = Dictionary(Deep=Array([Stream(made, MARKER)]))
    packed = Stream(made, zlib.compress(b"q Q") + MARKER, Subtype=Name.Form, BBox=Array([0, 0, 1, 1]))
    packed.Filter = Name.FlateDecode
    resources.XObject.Fm1 = packed


def scanned(made: Pdf) -> None:
    """A picture in it that says where it was taken, with more behind its end."""
    picture = made.pages[0].obj.Resources.XObject.Im1
    picture.write(located() + MARKER, filter=Name.DCTDecode)


def stamped(made: Pdf) -> None:
    """A seal: an annotation that is a red square of 100 points."""
    look = Stream(made, b"1 0 0 rg 0 0 100 100 re f", Type=Name.XObject, Subtype=Name.Form)
    look.BBox = Array([0, 0, 100, 100])
    seal = Dictionary(Type=Name.Annot, Subtype=Name.Stamp, Rect=Array([400, 100, 500, 200]), F=4)
    seal.AP = Dictionary(N=made.make_indirect(look))
    made.pages[0].obj.Annots = Array([made.make_indirect(seal)])


def form(made: Pdf) -> None:
    """A filled-in field, whose script counts."""
    look = Stream(made, b"/Tx BMC BT (filled in) Tj ET EMC", Type=Name.XObject, Subtype=Name.Form)
    look.BBox = Array([0, 0, 100, 20])
    action = Dictionary(S=Name.JavaScript, JS=String(MARKER.decode()))
    field = Dictionary(Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=String("a"), V=String("filled in"), F=4)
    field.update(Dictionary(Rect=Array([10, 10, 110, 30]), AP=Dictionary(N=look), AA=Dictionary(K=action)))
    kept = made.make_indirect(field)
    made.pages[0].obj.Annots = Array([kept])
    made.Root.AcroForm = Dictionary(Fields=Array([kept]), XFA=Stream(made, MARKER))


def layered(made: Pdf) -> None:
    """A layer that is not shown unless somebody switches it on."""
    group = made.make_indirect(Dictionary(Type=Name.OCG, Name=String(MARKER.decode())))
    made.Root.OCProperties = Dictionary(OCGs=Array([group]), D=Dictionary(OFF=Array([group])))
    made.pages[0].obj.Resources.Properties = Dictionary(MC0=group)
    made.pages[0].obj.Contents = Stream(made, b"/OC /MC0 BDC 0 0 100 100 re f EMC")


def looped(made: Pdf) -> None:
    """A form that holds itself, and resources that hold each other, as some programs write."""
    resources = made.make_indirect(made.pages[0].obj.Resources)
    made.pages[0].obj.Resources = resources
    inner = Stream(made, b"q Q", Type=Name.XObject, Subtype=Name.Form)
    inner.BBox = Array([0, 0, 1, 1])
    inner.Resources = resources
    resources.XObject.Fm1 = made.make_indirect(inner)


def flate_bomb(made: Pdf) -> None:
    """A picture of 400 MB in 400 KB."""
    with_picture(made, zlib.compress(bytes(400_000_000), 9), 20_000, 5_000, Name.FlateDecode)


def chained_bomb(made: Pdf) -> None:
    """Packed twice: 400 MB in a few kilobytes."""
    with_picture(
        made,
        zlib.compress(zlib.compress(bytes(400_000_000), 9), 9),
        5_000,
        5_000,
        Array([Name.FlateDecode, Name.FlateDecode]),
    )


def content_bomb(made: Pdf) -> None:
    made.pages[0].obj.Contents = Stream(made, zlib.compress(b" " * 400_000_000, 9), Filter=Name.FlateDecode)


def many_bombs(made: Pdf) -> None:
    """Each within the limit, together far beyond."""
    packed = zlib.compress(bytes(56_000_000), 9)
    for number in range(20):
        one = Stream(made, packed, Subtype=Name.Image, Filter=Name.FlateDecode)
        one.update(Dictionary(Width=7_000, Height=8_000, ColorSpace=Name.DeviceGray, BitsPerComponent=8))
        made.pages[0].obj.Resources.XObject[f"/Bomb{number}"] = one


def with_picture(made: Pdf, data: bytes, width: int, height: int, packing: pikepdf.Object) -> None:
    picture = Stream(made, data, Type=Name.XObject, Subtype=Name.Image, Filter=packing)
    picture.update(Dictionary(Width=width, Height=height, ColorSpace=Name.DeviceGray, BitsPerComponent=8))
    made.pages[0].obj.Resources.XObject.Im2 = picture


def laughing(made: Pdf) -> None:
    """Arrays of arrays of arrays: ten times ten times ten."""
    inner = made.make_indirect(Array([0] * 10))
    for _ in range(12):
        inner = made.make_indirect(Array([inner] * 10))
    made.pages[0].obj.Resources.Font.F1.Widths = inner


def nested(made: Pdf) -> None:
    """Forms in forms in forms."""
    outer = made.pages[0].obj.Resources
    for _ in range(200):
        inner = Stream(made, b"q Q", Type=Name.XObject, Subtype=Name.Form)
        inner.BBox = Array([0, 0, 1, 1])
        inner.Resources = Dictionary(XObject=Dictionary())
        outer.XObject.Fm1 = made.make_indirect(inner)
        outer = inner.Resources


def many_objects(made: Pdf) -> None:
    made.Root.Extra = Array([made.make_indirect(Array([number])) for number in range(60_000)])


def huge_picture(made: Pdf) -> None:
    made.pages[0].obj.Resources.XObject.Im1.Width = 60_000


def lying_jpeg(made: Pdf) -> None:
    """Its dictionary says 400, the picture itself 60,000."""
    made.pages[0].obj.Resources.XObject.Im1.write(jpeg_of(60_000, 60_000), filter=Name.DCTDecode)


def huge_page(made: Pdf) -> None:
    made.pages[0].obj.MediaBox = Array([0, 0, 200_000, 200_000])


def external(made: Pdf) -> None:
    """A picture whose data is in another file."""
    picture = made.pages[0].obj.Resources.XObject.Im1
    picture.F = String("/etc/passwd")
    picture.FFilter = Name.DCTDecode


def everything_in(data: bytes) -> bytes:
    """All of a PDF in the open: every object and every stream, unpacked, and the file itself."""
    with pikepdf.open(io.BytesIO(data)) as found:
        pieces = [data, repr(found.trailer).encode()]
        for one in found.objects:
            pieces.append(one.unparse())
            if isinstance(one, Stream):
                pieces.append(one.read_raw_bytes())
                if one.get("/Filter") not in PICTURES:
                    pieces.append(one.read_bytes())
    return b"\n".join(pieces)
