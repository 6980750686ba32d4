const cafes = ["Alder & Ash", "Tidewater Roasters", "Northbank Coffee"];

export function App() {
  return (
    <main>
      <h1>Your cafe, skip the line.</h1>
      <ul>
        {cafes.map((cafe) => (
          <li key={cafe}>{cafe}</li>
        ))}
      </ul>
    </main>
  );
}
