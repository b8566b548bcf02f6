// Shows every pump and its refills. dotnet run Read.cs http://127.0.0.1:8420 (.NET 10), or as Program.cs of
// a console project (.NET 8). The token comes from the environment: WANDBRIDGE_TOKEN.
using System.Net.Http.Headers;
using System.Text.Json;

var http = new HttpClient { BaseAddress = new Uri(args[0]), Timeout = TimeSpan.FromSeconds(10) };
http.DefaultRequestHeaders.Authorization =
    new AuthenticationHeaderValue("Bearer", Environment.GetEnvironmentVariable("WANDBRIDGE_TOKEN"));

async Task<JsonElement> Ask(string path)
{
    using var reply = await http.GetAsync(path);
    using var body = JsonDocument.Parse(await reply.Content.ReadAsStreamAsync());
    if (reply.IsSuccessStatusCode) return body.RootElement.Clone();
    // A problem document: what happened, what it means for the reading, what to do.
    var problem = body.RootElement;
    throw new Exception($"{problem.GetProperty("detail")} {problem.GetProperty("meaning")} {problem.GetProperty("next")}");
}

foreach (var pump in (await Ask("/api/v1/pumps")).GetProperty("pumps").EnumerateArray())
{
    var volume = pump.GetProperty("reservoir").GetProperty("reportedVolume");
    var number = volume.GetProperty("value").ValueKind == JsonValueKind.Null
        ? "not available"
        : $"{volume.GetProperty("value").GetDecimal()} {volume.GetProperty("unit")}";
    var live = pump.GetProperty("quality").GetString() == "current"
        ? "live"
        : $"NOT LIVE ({pump.GetProperty("reason")})";
    var who = pump.GetProperty("pump");
    Console.WriteLine($"{pump.GetProperty("source")} {who.GetProperty("serial")}: {number}, {live}, read {pump.GetProperty("readAt")}");

    var history = await Ask($"/api/v1/pumps/{who.GetProperty("id")}/refills");
    foreach (var refill in history.GetProperty("refills").EnumerateArray())
    {
        var filled = refill.GetProperty("filledVolume");
        Console.WriteLine($"refill on {refill.GetProperty("filledAt")}: {filled.GetProperty("value")} {filled.GetProperty("unit")}");
    }
}
